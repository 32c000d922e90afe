"""From log bytes to metric values."""
