"""vaultctl, the command line of Vault."""

__version__ = "0.1.0"
