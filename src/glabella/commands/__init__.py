"""The commands of the command line, one file each; ``glabella.cli`` lists them and loads the one that is asked for."""
