"""Where stories stand, and what readers see of them."""
