"""What several rooms need to do with text: cleaning, language, sentences."""
