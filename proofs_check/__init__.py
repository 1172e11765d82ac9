"""Statements, evidence, verdicts."""
