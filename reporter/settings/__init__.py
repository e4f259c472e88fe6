"""What the administrator said: the model, the layers and their precedence, one module per source."""
