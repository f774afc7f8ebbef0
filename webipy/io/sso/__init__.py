"""Single sign-on by OpenID Connect: the identity provider as a client of HTTP sees it, its ID tokens, and the addresses of a sign-on."""
