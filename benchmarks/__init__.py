"""The same jobs here and in R, on the same data in the same run."""
