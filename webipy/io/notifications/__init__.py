"""What delivers notifications outside of the page: an HTTP request, an e-mail."""
