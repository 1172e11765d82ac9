"""Initializations of frameworks.

========  ==============================================================
defaults  those that do not preserve even the mean
slopes    activations of two slopes under variances of the layers' own
========  ==============================================================
"""
