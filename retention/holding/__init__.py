"""Legal holds as they are shown: notices, forms, lists, exports. What they do is in services.holds."""
