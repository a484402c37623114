"""The walkthrough: how a team begins to use Vault, told in steps that real browsers take."""
