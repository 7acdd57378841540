// `hostbox/guest` is types: importing it does nothing.
