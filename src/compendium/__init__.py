"""The study: reads data/, checks it, writes results/, reports and the book."""
