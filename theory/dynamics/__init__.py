"""What gradient flow and its relatives do: how a plateau is left, and which solution is found."""
