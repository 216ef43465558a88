"""What several packages do with text: cleaning, language, sentences."""
