"""Acme's own components for planform."""
