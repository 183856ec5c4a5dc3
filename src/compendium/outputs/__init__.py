"""Everything that a step keeps: saving, the manifest, and the comparison with accepted results."""
