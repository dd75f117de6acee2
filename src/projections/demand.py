"""Demand: what work waits, and what it takes to do it. Enough for a scaler to ask "is there any for my roster?"."""
