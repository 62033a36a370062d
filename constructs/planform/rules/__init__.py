"""The policy rules as data: what their metadata says, and the forms in which they are delivered."""
