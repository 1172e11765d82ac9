"""What plain sampling never sees: heavy-tailed means and extreme tails.

=========  ========================================================
particles  means of heavy-tailed norms at any depth, by resampling
tilting    extreme tails for normal weights, by exponential tilting
=========  ========================================================
"""
