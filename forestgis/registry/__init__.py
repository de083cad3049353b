"""林班・小班 and the forest register (森林簿・森林調査簿) of each municipality."""
