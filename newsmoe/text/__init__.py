"""What several rooms need to know of text: cleaning, language, sentences."""
