"""The service's command line."""

from dorpsplein.service import main
from notifications.app import SERVICE

if __name__ == "__main__":
    main(SERVICE)
