"""What people look at: records of any output format read back, figures of them, and the page that shows them."""
