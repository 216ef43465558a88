"""The one small encoder that all embedded experts share."""
