"""The endpoints, a router each."""
