"""Tables 1 to 3 of Nøkland (2016), arXiv 1609.01596, as experiments."""
