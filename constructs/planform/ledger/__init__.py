"""Addresses that survive: the committed ledger, and what a compilation does about each difference from it."""
