"""Every word that operators read, in Spanish."""
