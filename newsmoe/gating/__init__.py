"""Who reads what: the gate decides for each article which experts run, and with what weight."""
