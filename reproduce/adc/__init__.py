"""What the figures and tables of the AnomalyCLR paper share: names, rows and their gaps."""
