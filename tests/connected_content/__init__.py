"""What Braze does with Connected Content, against servers that are really called."""
