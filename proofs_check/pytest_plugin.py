"""Collects statements as pytest items."""
