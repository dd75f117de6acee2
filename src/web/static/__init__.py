"""What browsers load beside the pages: one style, one script, both written here."""
