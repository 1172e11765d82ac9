"""Initializations of frameworks.

========  ========================================
defaults  those that do not preserve even the mean
========  ========================================
"""
