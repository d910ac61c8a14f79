"""The personalization API: how records are kept, pushed and answered."""
