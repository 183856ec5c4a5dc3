"""Extensions of Sphinx that the book is built with: they load nothing of the study."""
