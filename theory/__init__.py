"""What should hold: exact expectations and laws of random deep networks, derived with SymPy. No sampling, no floats."""
