"""The command line of the initiatives service; see `dorpsplein.main`."""

from dorpsplein.main import main

main("initiatives", apart={"render": "initiatives.film_studio:make_films"})
