"""Django's PostgreSQL backend, whose connections outside a pool have the pool's deadlines.

Django gives a pool its class of connections by a setting, but opens single connections by the
driver's own `connect`. Named as Django looks it up: ENGINE is the package, the module is `base`.
"""

from types import ModuleType

import psycopg
from django.db.backends.postgresql import base

from foundation.db.pool import CheckedConnection

_driver = ModuleType(psycopg.__name__)
vars(_driver).update(vars(psycopg), connect=CheckedConnection.connect)


class DatabaseWrapper(base.DatabaseWrapper):
    Database = _driver
