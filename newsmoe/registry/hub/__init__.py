"""Models of the Hugging Face hub: getting them, finding them on this machine, running them."""
