"""Running the study: notebooks through papermill, and the command line."""
