"""The command line: a file per command, imported when that command is called."""
