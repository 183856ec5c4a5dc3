"""What survey tools export, read as tables of answers by question: nothing retyped, nothing guessed."""

from compendium.importers.answers import labels_to_codes
from compendium.importers.export import FORMATS, Export
from compendium.importers.reading import read_export

__all__ = ["FORMATS", "Export", "labels_to_codes", "read_export"]
