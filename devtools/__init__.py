"""The two commands that run on a bare machine: `manage.py up` and `manage.py verify`."""
