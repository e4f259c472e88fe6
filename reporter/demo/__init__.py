"""The main job on a stage: a real server with a real fault, a real login, a real inbox, all on loopback."""
