"""What every environment shares: the way into the buffer layer, the base test and environment, the recorder."""
