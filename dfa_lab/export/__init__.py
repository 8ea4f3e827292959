"""An experiment as one zip: written for other people and machines, read again with nothing in it trusted."""
