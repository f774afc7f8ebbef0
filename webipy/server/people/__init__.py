"""Who is there: logins, links, guests, and what each may use."""
