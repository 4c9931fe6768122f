"""For any WSGI server: ``wsgi:application``. ``azora web`` needs no such file."""

from azora_admin.launch.web import make_application

application = make_application()
