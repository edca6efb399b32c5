"""What people look at: sheets, audits, cards."""
