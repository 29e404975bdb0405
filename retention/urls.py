from django.urls import include, path

from retention.views import compliance, holds, reading, register

app_name = "retention"
urlpatterns = [
    path("compliance/", compliance.compliance, name="compliance"),
    path("compliance/records/", compliance.figure_rows, name="figure_rows"),
    path("holds/", holds.holds, name="holds"),
    path("holds/new/", holds.hold_new, name="hold_new"),
    path("holds/<int:pk>/", holds.hold, name="hold"),
    path("holds/<int:pk>/customer/", holds.hold_customer, name="hold_customer"),
    path("holds/<int:pk>/extend/", holds.hold_extend, name="hold_extend"),
    path("holds/<int:pk>/lift/", holds.hold_lift, name="hold_lift"),
    path("chats/", reading.said, name="said"),
    path("records/<int:pk>/listen/", reading.listen, name="listen"),
    path("records/<int:pk>/read/", reading.read, name="read"),
    path("records/<int:pk>/media/", reading.media, name="media"),
    path("records/<int:pk>/file/", reading.take, name="take"),
    path("register/", register.register, name="register"),
    path("register/issue/", register.register_issue, name="register_issue"),
    path("register/new/", register.entry_new, name="entry_new"),
    path("register/import/", include("retention.registering.urls")),
    path("register/<int:pk>/", register.entry, name="entry"),
    path("register/<int:pk>/edit/", register.entry_edit, name="entry_edit"),
]
