"""Two revisions of a blueprint to one change set: what would happen, why, and how dangerous it is."""
