"""Figures: one module for each family of pictures; every function takes tables and returns a figure."""
